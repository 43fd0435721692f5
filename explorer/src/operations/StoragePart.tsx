import { useEffect } from "preact/hooks";
import { changes, collections, hasAllCollections } from "../store";
import { size } from "../ui/Files";
import { leftOut, lookAtStorage, type Storage, storage, storageTrouble } from "./storage";

/** What is kept, in all and by product. */
export function StoragePart() {
  useEffect(() => {
    void lookAtStorage();
  }, [changes.value]);
  const found = storage.value;
  const trouble = storageTrouble.value;
  return (
    <section aria-label="Storage">
      <h3>Storage by product</h3>
      <div role="alert">
        {trouble !== "" && (
          <div class="trouble">
            {trouble}{" "}
            <button type="button" onClick={() => void lookAtStorage()}>
              Ask again
            </button>
          </div>
        )}
      </div>
      {found === null ? trouble === "" && <p class="quiet">Asking…</p> : <Products found={found} />}
    </section>
  );
}

function Products({ found }: { readonly found: Storage }) {
  const named = new Map((collections.value ?? []).map(({ id, title }) => [id, title]));
  const known = hasAllCollections.value ? named.size : null;
  const more = leftOut(found, known);
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col">Images</th>
            <th scope="col">Files</th>
          </tr>
        </thead>
        <tbody>
          {found.products.map((each) => (
            <tr key={each.product}>
              <th scope="row">{named.get(each.product) ?? each.product}</th>
              <td>{each.images.toLocaleString("en")}</td>
              <td>{size(each.bytes)}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">All that you may see</th>
            <td>{found.all.images.toLocaleString("en")}</td>
            <td>{size(found.all.bytes)}</td>
          </tr>
        </tbody>
      </table>
      {more !== "" && <p class="quiet">{more}</p>}
    </>
  );
}
