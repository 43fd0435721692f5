import { useState } from "preact/hooks";
import { item as fetchItem, type Item } from "../stac";

/** The image's files, with their bands; a download opens an address that is good for an hour. */
export function Files({ item, onTrouble }: { item: Item; onTrouble: (error: unknown) => void }) {
  const [fetching, setFetching] = useState("");
  const files = Object.entries(item.assets).filter(([, asset]) => asset.roles?.includes("thumbnail") !== true);
  const download = (key: string) => {
    setFetching(key);
    fetchItem(item.collection, item.id, new AbortController().signal, true)
      .then((signed) => {
        const href = signed.assets[key]?.href;
        if (href !== undefined && /^https?:/.test(href)) {
          save(href);
        }
      })
      .catch(onTrouble)
      .finally(() => setFetching(""));
  };
  return (
    <details class="group" open>
      <summary>Files</summary>
      <ul class="files">
        {files.map(([key, asset]) => (
          <li key={key}>
            <span>
              <strong>{key}</strong> {size(asset["file:size"])}
              <span class="quiet">
                {" "}
                {(asset.bands ?? []).map((band) => `${band.name}${band.data_type ? ` (${band.data_type})` : ""}`).join(", ")}
              </span>
            </span>
            <button type="button" disabled={fetching !== ""} onClick={() => download(key)}>
              Download<span class="hidden"> {key}</span>
            </button>
          </li>
        ))}
        {files.length === 0 && <li class="quiet">The catalog holds no file of this image.</li>}
      </ul>
    </details>
  );
}

/** Open an address beside the page: the token and what is being sent live in this one, and would go with it. */
function save(href: string): void {
  const link = Object.assign(document.createElement("a"), { href, target: "_blank", rel: "noopener", download: "" });
  link.click();
}

/** Return a number of bytes in words. */
export function size(bytes: number | undefined): string {
  if (bytes === undefined) {
    return "";
  }
  const steps = ["B", "kB", "MB", "GB", "TB"];
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), steps.length - 1);
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${steps[step] ?? "B"}`;
}
