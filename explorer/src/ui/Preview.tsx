import { useEffect, useState } from "preact/hooks";
import { isAbort, send } from "../api";
import { imagePath, lookQuery, withVersion } from "../looks";
import { isPictured, type Item } from "../stac";
import { type Look, OWN_LOOK } from "../state/address";
import { limited } from "./limited";

const inTurn = limited(3);
const kept = new Map<string, string>();
const MOST_KEPT = 300;

interface Props {
  readonly item: Item;
  readonly size: number;
  readonly look?: Look;
  readonly words?: string;
  /** Told why there is no picture, and null when there is one. */
  readonly onTrouble?: (error: unknown) => void;
}

/** A picture of a whole image. It is fetched with the caller's token, which an <img> cannot send. */
export function Preview({ item, size, look = OWN_LOOK, words = "", onTrouble }: Props) {
  const [address, setAddress] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  const { collection, id } = item;
  const version = item.properties["updated"];
  useEffect(() => {
    const giveUp = new AbortController();
    fetchPicture(item, size, look, giveUp.signal)
      .then((found) => {
        setAddress(found);
        setFailed(false);
        onTrouble?.(null);
      })
      .catch((error: unknown) => {
        if (!isAbort(error)) {
          setFailed(true);
          if (!(error instanceof NoPicture)) {
            onTrouble?.(error);
          }
        }
      });
    return () => giveUp.abort();
  }, [collection, id, version, size, look]);
  if (address === null || failed) {
    return <span class={`noimage${failed ? " failed" : ""}`}>{failed ? "no picture" : ""}</span>;
  }
  return <img src={address} alt={words} />;
}

/** An image without files, or of a product without bands, has nothing to draw. */
export class NoPicture extends Error {}

/** Return the address of a picture within the page. Throws NoPicture, an ApiError or an AbortError. */
export async function fetchPicture(item: Item, size: number, look: Look, signal: AbortSignal): Promise<string> {
  if (!isPictured(item)) {
    throw new NoPicture();
  }
  const query = withVersion(await lookQuery(item.collection, look), item.properties["updated"]);
  if (query === "") {
    throw new NoPicture();
  }
  const path = `${imagePath(item.collection, item.id)}/preview.webp?size=${size}&${query}`;
  const there = kept.get(path);
  if (there !== undefined) {
    return there;
  }
  const answer = await inTurn(() => send(path, { signal }));
  const address = URL.createObjectURL(await answer.blob());
  kept.set(path, address);
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) {
    URL.revokeObjectURL(kept.get(oldest) ?? "");
    kept.delete(oldest);
  }
  return address;
}
