import { useEffect } from "preact/hooks";
import { DropZone } from "./DropZone";
import { NewProduct } from "./NewProduct";
import { bringTrouble, closeBring, doing, draft, loadProducts, products, retarget, take, target } from "./state";
import { Rows } from "./Rows";
import { Pane } from "../ui/Pane";

const NEW = "";

/** The side while images are brought in: for which product, which files, and how far they are. */
export default function Bring() {
  useEffect(() => {
    void loadProducts();
    document.getElementById("bring")?.focus();
  }, []);
  const isNew = target.value === null;
  return (
    <Pane id="bring" title="Bring images in" words="Bring images in" kind="bring" onBack={closeBring}>
      <Into />
      <DropZone
        words={isNew ? "Drop GeoTIFFs here, or choose them: the first one says which bands the product has" : "Drop files here, or choose them"}
        onFiles={(files) => void take(files)}
      />
      <p class="quiet" role="status">
        {doing.value}
      </p>
      <div role="alert">{bringTrouble.value !== "" && <p class="trouble">{bringTrouble.value}</p>}</div>
      {draft.value !== null && <NewProduct draft={draft.value} />}
      <Rows />
    </Pane>
  );
}

function Into() {
  const all = products.value;
  if (all === null) {
    return <p class="quiet">Loading the products…</p>;
  }
  return (
    <label>
      Into the product
      <select value={target.value ?? NEW} onChange={(event) => void retarget(event.currentTarget.value || null)}>
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
