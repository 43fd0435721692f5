import { filesInWords } from "./files";
import { BAND_TYPES, type BandDraft, type BandType, faults, type Pair } from "./proposal";
import { createProduct, doing, draft as current, held, type ProductDraft, propose } from "./state";
import { Options } from "../ui/Options";

/** The product that is proposed from a file: to be read, changed and confirmed. */
export function NewProduct({ draft }: { draft: ProductDraft }) {
  const set = (part: Partial<ProductDraft>) => (current.value = { ...draft, ...part });
  const files = held.value.length;
  const wrong = faults(draft.bands);
  return (
    <form
      class="group"
      aria-label="New product"
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong.length === 0) {
          void createProduct();
        }
      }}
    >
      <h3>A new product from {held.value[0]?.name}</h3>
      {files > 1 && (
        <label class="inline">
          <input type="checkbox" checked={draft.together} onChange={(event) => void propose(event.currentTarget.checked)} />
          All {files} files are one image, each with bands of its own
        </label>
      )}
      <label>
        Name
        <input required maxLength={2000} value={draft.name} onInput={(event) => set({ name: event.currentTarget.value })} />
      </label>
      <label>
        Id, after your organisation
        <input
          required
          maxLength={200}
          pattern="[A-Za-z0-9_.:\-]+"
          title="letters, digits, _ . : and -"
          spellcheck={false}
          value={draft.id}
          onInput={(event) => set({ id: event.currentTarget.value })}
        />
      </label>
      <label>
        Description
        <textarea rows={2} value={draft.description} onInput={(event) => set({ description: event.currentTarget.value })} />
      </label>
      <Bands draft={draft} set={set} />
      {wrong.map((each) => (
        <p key={each} class="trouble" role="alert">
          {each}
        </p>
      ))}
      <button type="submit" class="main" disabled={doing.value !== "" || wrong.length > 0}>
        Create the product and send {files === 1 ? "the file" : filesInWords(files)}
      </button>
    </form>
  );
}

interface BandsProps {
  readonly draft: ProductDraft;
  readonly set: (part: Partial<ProductDraft>) => void;
}

function Bands({ draft: { bands }, set }: BandsProps) {
  const change = (at: number, part: Partial<BandDraft>) =>
    set({ bands: bands.map((each, other) => (other === at ? { ...each, ...part } : each)) });
  return (
    <fieldset class="bands">
      <legend>{bands.length === 1 ? "1 band" : `${bands.length} bands`}, as the header has them</legend>
      {bands.map((each, at) => (
        <Band key={`${each.fileIndex}/${each.bandIndex}`} band={each} at={at} change={(part) => change(at, part)} />
      ))}
    </fieldset>
  );
}

interface BandProps {
  readonly band: BandDraft;
  readonly at: number;
  readonly change: (part: Partial<BandDraft>) => void;
}

function Band({ band, at, change }: BandProps) {
  const ranged = band.type !== "mask";
  return (
    <details class="group" open={at === 0}>
      <summary>
        {band.name || `band ${at + 1}`} <small>{`${band.type}, ${band.dataType}`}</small>
      </summary>
      <div class="pair">
        <label>
          Name
          <input spellcheck={false} value={band.name} onInput={(event) => change({ name: event.currentTarget.value })} />
        </label>
        <label>
          Type
          <select value={band.type} onChange={(event) => change({ type: event.currentTarget.value as BandType })}>
            <Options values={BAND_TYPES} />
          </select>
        </label>
        <label>
          Nodata
          <input value={band.nodata} placeholder="none" onInput={(event) => change({ nodata: event.currentTarget.value })} />
        </label>
        <label>
          Resolution
          <input value={band.resolution} onInput={(event) => change({ resolution: event.currentTarget.value })} />
        </label>
      </div>
      {ranged && <Range name="All values" pair={band.dataRange} set={(dataRange) => change({ dataRange })} />}
      {ranged && <Range name="Shown values" pair={band.displayRange} set={(displayRange) => change({ displayRange })} />}
      {band.physicalRange !== null && (
        <Range name="Which stand for" pair={band.physicalRange} set={(physicalRange) => change({ physicalRange })} />
      )}
      {band.type === "mask" && (
        <label class="inline">
          <input type="checkbox" checked={band.isAlpha} onChange={(event) => change({ isAlpha: event.currentTarget.checked })} />
          0 is transparent (alpha)
        </label>
      )}
      <p class="quiet">
        Pixels of type {band.dataType}, sample {band.bandIndex + 1} of file {band.fileIndex + 1}
        {band.unit === "" ? "" : `, in ${band.unit}`}
        {band.colormap === null ? "" : ", with a colour table"}.
      </p>
    </details>
  );
}

interface RangeProps {
  readonly name: string;
  readonly pair: Pair;
  readonly set: (pair: Pair) => void;
}

function Range({ name, pair: [low, high], set }: RangeProps) {
  const shown = (value: number) => (Number.isFinite(value) ? value : "");
  return (
    <div class="pair">
      <label>
        {name} from
        <input type="number" step="any" value={shown(low)} onChange={(event) => set([event.currentTarget.valueAsNumber, high])} />
      </label>
      <label>
        to
        <input
          type="number"
          step="any"
          aria-label={`${name} to`}
          value={shown(high)}
          onChange={(event) => set([low, event.currentTarget.valueAsNumber])}
        />
      </label>
    </div>
  );
}
