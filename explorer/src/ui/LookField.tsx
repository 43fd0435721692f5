import { useEffect, useState } from "preact/hooks";
import { ask, words } from "../api";
import { bandsOf, type CatalogBand, computedLook, imagePath, NO_BANDS, pictureBands, rangeOf } from "../looks";
import type { Look } from "../state/address";
import type { Item } from "../stac";
import { chosen, look } from "../store";

const COLORMAPS = ["viridis", "magma", "inferno", "plasma", "cool", "hot", "coolwarm", "bwr", "gist_earth", "terrain"];
type Percentiles = Readonly<Record<string, { readonly percentile_2: number | null; readonly percentile_98: number | null }>>;

/** How the image is drawn: bands or an expression, the range of values, the colours of one band. */
export function LookField({ item }: { item: Item }) {
  const [bands, setBands] = useState(NO_BANDS);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    bandsOf(item.collection).then(setBands, (error: unknown) => setTrouble(words(error)));
  }, [item.collection]);
  const now = look.value;
  const shown = now.bands.length > 0 ? now.bands : pictureBands(bands);
  const set = (part: Partial<Look>) => {
    setTrouble("");
    look.value = { ...now, ...part };
  };
  const stretch = (of: Look, onTrouble: (error: unknown) => void) => {
    // an answer about what is not shown any more is dropped
    const isCurrent = () => look.peek() === of && chosen.peek()?.id === item.id && chosen.peek()?.collection === item.collection;
    percentiles(item, of.expression === "" ? shown : [], of.expression)
      .then((range) => isCurrent() && set({ ...of, range }))
      .catch((error: unknown) => isCurrent() && onTrouble(error));
  };
  /** Draw an expression, from its own values where nobody said which; what is wrong with it its picture tells. */
  const compute = (expression: string) => {
    set(computedLook(now, expression));
    if (expression !== "" && now.expression === "") {
      stretch(look.peek(), () => undefined);
    }
  };
  const isSingle = now.expression !== "" || shown.length === 1;
  return (
    <details class="group" open>
      <summary>Bands and stretch</summary>
      <BandChoice bands={bands.all} shown={now.expression === "" ? shown : []} set={(chosen) => set({ bands: chosen, expression: "", range: null, colormap: "" })} />
      <ExpressionChoice now={now} bands={bands.all} compute={compute} use={(expression) => set(computedLook(now, expression))} />
      <div class="buttons">
        <button type="button" onClick={() => stretch(now, (error) => setTrouble(words(error)))} disabled={shown.length === 0 && now.expression === ""}>
          Stretch to 2–98 %
        </button>
        <button type="button" onClick={() => set({ bands: [], expression: "", range: null, colormap: "" })}>
          As the catalog draws it
        </button>
      </div>
      <RangeChoice range={now.range} set={(range) => set({ range })} />
      {isSingle && (
        <label>
          Colormap
          <select value={now.colormap} onChange={(event) => set({ colormap: event.currentTarget.value })}>
            <option value="">the band’s own, or grey</option>
            {COLORMAPS.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <p class={trouble === "" ? "" : "trouble"} role="alert">
        {trouble}
      </p>
    </details>
  );
}

interface BandProps {
  readonly bands: readonly CatalogBand[];
  readonly shown: readonly string[];
  readonly set: (bands: string[]) => void;
}

function BandChoice({ bands, shown, set }: BandProps) {
  const isThree = shown.length === 3;
  const change = (at: number, name: string) => set(names.map((_, other) => (other === at ? name : (shown[other] ?? ""))));
  const names = isThree ? ["Red", "Green", "Blue"] : ["Band"];
  return (
    <>
      {bands.length >= 3 && (
        <label class="inline">
          <input
            type="checkbox"
            checked={isThree}
            onChange={(event) => {
              const three = bands.slice(0, 3).map((each) => each.name);
              set(event.currentTarget.checked ? three : [shown[0] ?? bands[0]?.name ?? ""]);
            }}
          />
          Three bands as red, green and blue
        </label>
      )}
      <div class="pair">
        {names.map((name, at) => (
          <label key={name}>
            {name}
            <select value={shown[at] ?? ""} onChange={(event) => change(at, event.currentTarget.value)}>
              {shown.length === 0 && <option value="">none: an expression is drawn</option>}
              {bands.map((each) => (
                <option key={each.name} value={each.name}>
                  {each.name}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
    </>
  );
}

interface ExpressionProps {
  readonly now: Look;
  readonly bands: readonly CatalogBand[];
  readonly compute: (expression: string) => void;
  /** Draw one whose values are known to lie between -1 and 1. */
  readonly use: (expression: string) => void;
}

function ExpressionChoice({ now, bands, compute, use }: ExpressionProps) {
  const has = (name: string) => bands.some((each) => each.name === name);
  const indexed = has("nir") && has("red");
  return (
    <>
      <label>
        Or an expression over bands, such as (nir - red) / (nir + red)
        <input
          type="text"
          spellcheck={false}
          value={now.expression}
          onChange={(event) => compute(event.currentTarget.value.trim())}
        />
      </label>
      {indexed && (
        <button type="button" onClick={() => use("(nir - red) / (nir + red)")}>
          NDVI
        </button>
      )}
    </>
  );
}

interface RangeProps {
  readonly range: readonly [number, number] | null;
  readonly set: (range: [number, number] | null) => void;
}

function RangeChoice({ range, set }: RangeProps) {
  const given = [String(range?.[0] ?? ""), String(range?.[1] ?? "")] as const;
  const [texts, setTexts] = useState<readonly [string, string]>(given);
  const [low, high] = texts;
  useEffect(() => setTexts(given), given);
  const change = (at: 0 | 1, text: string) => {
    const next = at === 0 ? ([text, high] as const) : ([low, text] as const);
    const found = rangeOf(...next);
    setTexts(next);
    if (found !== undefined) {
      set(found);
    }
  };
  return (
    <>
      <div class="pair">
        {(["Darkest value", "Brightest value"] as const).map((name, at) => (
          <label key={name}>
            {name}
            <input
              type="number"
              step="any"
              value={texts[at as 0 | 1]}
              placeholder="by band"
              onChange={(event) => change(at as 0 | 1, event.currentTarget.value)}
            />
          </label>
        ))}
      </div>
      {rangeOf(low, high) === undefined && <p class="quiet">Both values are needed, and the brightest is above the darkest.</p>}
    </>
  );
}

/** Return the range from the least 2nd to the greatest 98th percentile of what is drawn. */
async function percentiles(item: Item, bands: readonly string[], expression: string): Promise<[number, number]> {
  const query = new URLSearchParams(expression === "" ? { bands: bands.join(",") } : { expression });
  const path = `${imagePath(item.collection, item.id)}/statistics?${query.toString()}`;
  const { statistics } = await ask<{ statistics: Percentiles }>(path);
  const found = Object.values(statistics);
  const low = Math.min(...found.flatMap((each) => (each.percentile_2 === null ? [] : [each.percentile_2])));
  const high = Math.max(...found.flatMap((each) => (each.percentile_98 === null ? [] : [each.percentile_98])));
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    throw new Error("The image has no valid pixel to take percentiles of.");
  }
  return low < high ? [low, high] : [low, low + 1];
}
