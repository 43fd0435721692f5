import { useEffect } from "preact/hooks";
import { DropZone } from "./DropZone";
import { Held } from "./Held";
import { NewProduct } from "./NewProduct";
import { bringTrouble, closeBring, doing, draft, held, loadProducts, products, proposed, retarget, take, target } from "./state";
import { Rows } from "./Rows";
import { Pane } from "../ui/Pane";

const NEW = "";
/** No product: ids have no spaces. */
const UNSAID = " ";

/** The side while images are brought in: for which product, which files, and how far they are. */
export default function Bring() {
  useEffect(() => {
    void loadProducts();
  }, []);
  const isNew = target.value === null;
  return (
    <Pane id="bring" title="Bring images in" words="Bring images in" kind="bring" onBack={closeBring}>
      <Into />
      {target.value === undefined && <Asked />}
      <DropZone
        words={isNew ? "Drop GeoTIFFs here, or choose them: the first one says which bands the product has" : "Drop files here, or choose them"}
        onFiles={(files) => void take(files)}
      />
      <p class="quiet" role="status">
        {doing.value}
      </p>
      <div role="alert">{bringTrouble.value !== "" && <p class="trouble">{bringTrouble.value}</p>}</div>
      <Held />
      {draft.value !== null && <NewProduct draft={draft.value} />}
      <Rows />
    </Pane>
  );
}

function Into() {
  const all = products.value;
  if (all === null) {
    return bringTrouble.value === "" ? (
      <p class="quiet">Loading the products…</p>
    ) : (
      <button type="button" onClick={() => void loadProducts()}>
        Load the products again
      </button>
    );
  }
  return (
    <label>
      Into the product
      <select
        value={target.value === undefined ? UNSAID : (target.value ?? NEW)}
        onChange={(event) => void retarget(event.currentTarget.value || null)}
      >
        {target.value === undefined && (
          <option value={UNSAID} disabled>
            choose one
          </option>
        )}
        <option value={NEW}>a new one</option>
        {all.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name} ({each.id})
          </option>
        ))}
      </select>
    </label>
  );
}

/** What waits for a product, and the one that was shown before: nothing is sent before somebody says where to. */
function Asked() {
  const count = held.value.length;
  const near = proposed.value;
  return (
    <div role="status">
      {count > 0 && (
        <p>
          <strong>Into which product?</strong> {count === 1 ? "One file waits" : `${count} files wait`} for it: nothing is sent before.
        </p>
      )}
      {near !== null && (
        <button type="button" class={count > 0 ? "main" : ""} onClick={() => void retarget(near.id)}>
          Into {near.name} ({near.id})
        </button>
      )}
    </div>
  );
}
