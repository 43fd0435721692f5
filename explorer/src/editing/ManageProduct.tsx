import { useEffect, useState } from "preact/hooks";
import { words } from "../api";
import { get, mayChange, type Resource } from "../catalog";
import { bringInto } from "../bring/state";
import { refresh, change, query } from "../store";
import { size } from "../ui/Files";
import { AttributesForm } from "./AttributesForm";
import { Confirm } from "./Confirm";
import { type Extent, extentOf, removeProduct } from "./deletion";
import { PRODUCT_FIELDS } from "./fields";
import { SharingForm } from "./SharingForm";
import { leave, manage } from "./state";
import { Pane } from "../ui/Pane";

/** One product: what it is called, who may do what with it, and its end. */
export default function ManageProduct({ id }: { id: string }) {
  const [product, setProduct] = useState<Resource | null>(null);
  const [trouble, setTrouble] = useState("");
  const load = () => {
    setTrouble("");
    setProduct(null);
    get("product", id).then(setProduct, (error: unknown) => setTrouble(words(error)));
  };
  useEffect(load, [id]);
  return (
    <Pane id="managed" title={typeof product?.attributes["name"] === "string" ? product.attributes["name"] : id} words="Product" onBack={() => manage(null)}>
      <p class="quiet">{id}</p>
      {trouble !== "" && (
        <p class="trouble" role="alert">
          This product cannot be shown: {trouble}
        </p>
      )}
      {product !== null && !mayChange(product.attributes) && <p>You may see this product; its owners alone change and share it.</p>}
      {product !== null && mayChange(product.attributes) && <Parts product={product} setProduct={setProduct} reload={load} />}
    </Pane>
  );
}

interface PartsProps {
  readonly product: Resource;
  readonly setProduct: (product: Resource) => void;
  readonly reload: () => void;
}

function Parts({ product, setProduct, reload }: PartsProps) {
  return (
    <>
      <button
        type="button"
        onClick={() => {
          bringInto(product.id);
        }}
      >
        Bring images in
      </button>
      <details class="group">
        <summary>Attributes</summary>
        <AttributesForm
          kind="product"
          object={product}
          fields={PRODUCT_FIELDS}
          onSaved={setProduct}
          onReload={reload}
        />
      </details>
      <details class="group" open>
        <summary>Sharing</summary>
        <SharingForm product={product} onSaved={setProduct} onReload={reload} />
      </details>
      <Delete product={product} reload={reload} />
    </>
  );
}

function Delete({ product, reload }: Pick<PartsProps, "product" | "reload">) {
  const [extent, setExtent] = useState<Extent | null>(null);
  const [trouble, setTrouble] = useState("");
  const open = () => {
    setTrouble("");
    extentOf(product.id).then(setExtent, (error: unknown) => setTrouble(words(error)));
  };
  const remove = async (progress: (text: string) => void) => {
    await removeProduct(product, (gone) => progress(`${gone.toLocaleString("en")} images and bands are deleted…`));
    change({ collections: query.value.collections.filter((each) => each !== product.id) });
    leave(product.id);
    refresh();
  };
  return (
    <>
      <button type="button" class="danger" onClick={open}>
        Delete the product…
      </button>
      {trouble !== "" && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      {extent !== null && (
        <Confirm question="Delete this product?" yes="Delete all of it" onYes={remove} onReload={reload} onClose={() => setExtent(null)}>
          <p>
            <strong>{product.id}</strong> goes, and with it {extentWords(extent)}. This cannot be undone.
          </p>
        </Confirm>
      )}
    </>
  );
}

function extentWords({ images, files, bytes, bands }: Extent): string {
  const count = (number: number, one: string) => `${number.toLocaleString("en")} ${one}${number === 1 ? "" : "s"}`;
  const stored = files === null ? `their files (${size(bytes)})` : `${count(files, "file")} (${size(bytes)})`;
  return images === 0 ? `${count(bands, "band")}, but no image` : `${count(images, "image")}, ${stored} and ${count(bands, "band")}`;
}
