import { useState } from "preact/hooks";
import { words } from "../api";
import { asObject, get, type Resource } from "../catalog";
import type { Item } from "../stac";
import { choose, chosen, keyOf, refresh } from "../store";
import { size } from "../ui/Files";
import { AttributesForm } from "./AttributesForm";
import { Confirm } from "./Confirm";
import { removeImage } from "./deletion";
import { IMAGE_FIELDS } from "./fields";

/** Change an image's attributes, or delete it. It is loaded when somebody opens this. */
export default function ImageEditing({ item }: { item: Item }) {
  const [image, setImage] = useState<Resource | null>(null);
  const [trouble, setTrouble] = useState("");
  const [asks, setAsks] = useState(false);
  const load = () => {
    setTrouble("");
    setImage(null);
    get("image", `${item.collection}:${item.id}`).then(setImage, (error: unknown) => setTrouble(words(error)));
  };
  const remove = async () => {
    if (image !== null) {
      await removeImage(image);
      if (chosen.value !== null && keyOf(chosen.value) === keyOf(item)) {
        choose(null);
      }
      refresh();
    }
  };
  return (
    <details class="group" onToggle={(event) => event.currentTarget.open && image === null && load()}>
      <summary>Change or delete it</summary>
      {trouble !== "" && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      {image !== null && (
        <>
          <AttributesForm kind="image" object={image} fields={IMAGE_FIELDS} onSaved={setImage} onReload={load} />
          <button type="button" class="danger" onClick={() => setAsks(true)}>
            Delete the image…
          </button>
        </>
      )}
      {asks && image !== null && (
        <Confirm question="Delete this image?" yes="Delete the image" onYes={remove} onReload={load} onClose={() => setAsks(false)}>
          <p>
            <strong>{item.id}</strong> goes, and with it {filesOf(image)}. This cannot be undone.
          </p>
        </Confirm>
      )}
    </details>
  );
}

function filesOf(image: Resource): string {
  const files = Array.isArray(image.attributes["files"]) ? image.attributes["files"] : [];
  const bytes = files.reduce((all: number, each) => all + Number(asObject(each)["size_bytes"] ?? 0), 0);
  const stored = image.attributes["storage_state"] === "remote" ? "no file: they lie elsewhere and stay" : "no file";
  return files.length === 0 || image.attributes["storage_state"] === "remote"
    ? stored
    : `${files.length === 1 ? "its file" : `its ${files.length} files`} (${size(bytes)})`;
}
