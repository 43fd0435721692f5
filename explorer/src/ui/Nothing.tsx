import { useEffect, useState } from "preact/hooks";
import { isAbort, words } from "../api";
import { DropZone } from "../bring/DropZone";
import { bringInto, mayBring, openBring } from "../bring/state";
import { count } from "../stac";
import { EVERYTHING, type Widened, withoutEach } from "../state/query";
import { change, collections, hasAllCollections, query } from "../store";
import { imagesInWords } from "./words";

/** What there is to say, and to do, where nothing is found. */
export function Nothing() {
  const asked = { ...query.value, sort: EVERYTHING.sort };
  const isOpen = JSON.stringify(asked) === JSON.stringify(EVERYTHING);
  const [only, ...others] = asked.collections;
  const isOne = only !== undefined && others.length === 0;
  if (isOpen) {
    return collections.value?.length === 0 ? <NoProduct /> : <NoImage />;
  }
  if (isOne && JSON.stringify({ ...asked, collections: [] }) === JSON.stringify(EVERYTHING)) {
    const isThere = !hasAllCollections.value || collections.value?.some((each) => each.id === only) === true;
    return isThere ? <EmptyProduct id={only} /> : <NoSuchProduct id={only} />;
  }
  return <NoMatch key={JSON.stringify(asked)} />;
}

function NoProduct() {
  return (
    <div class="empty">
      <p>There are no images in this catalog that you may see, and no product that may have some.</p>
      <First />
      <p class="quiet">If you expected some: their owners can let you in, under “Sharing” of the product.</p>
    </div>
  );
}

function NoImage() {
  return (
    <div class="empty">
      <p>There are no images in this catalog that you may see.</p>
      <First />
    </div>
  );
}

function First() {
  if (!mayBring.value) {
    return <p>Sign in to put the first one in.</p>;
  }
  return (
    <>
      <DropZone words="Put the first one in: drop a GeoTIFF here, or choose it" onFiles={openBring} />
      <p class="quiet">Its header says which bands the product gets; you look at them before anything is created.</p>
      <p class="quiet">
        Without one at hand: <code>make demo</code> makes a scene, <code>make seed</code> a series of real ones.
      </p>
    </>
  );
}

function NoSuchProduct({ id }: { id: string }) {
  return (
    <div class="empty">
      <p>There is no product {id}, or you may not see it.</p>
      <button type="button" onClick={() => change({ collections: [] })}>
        Search all products
      </button>
    </div>
  );
}

function EmptyProduct({ id }: { id: string }) {
  const into = (files: readonly File[]) => {
    bringInto(id, files);
  };
  return (
    <div class="empty">
      <p>This product has no images yet.</p>
      {mayBring.value ? (
        <DropZone words="Put its first ones in: drop files here, or choose them" onFiles={into} />
      ) : (
        <p>Sign in to put its first one in.</p>
      )}
    </div>
  );
}

type Ways = readonly (readonly [Widened, number])[];

/** Which condition leaves nothing: how many there would be without each. */
function NoMatch() {
  const [ways, setWays] = useState<Ways | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const giveUp = new AbortController();
    const each = withoutEach(query.peek()).map(async (way) => [way, await count(way.query, giveUp.signal)] as const);
    Promise.all(each)
      .then(setWays)
      .catch((error: unknown) => !isAbort(error) && setTrouble(words(error)));
    return () => giveUp.abort();
  }, [turn]);
  const again = () => {
    setTrouble(null);
    setTurn(turn + 1);
  };
  return (
    <div class="empty">
      <p>Nothing matches.</p>
      {trouble === null ? <WaysOut ways={ways} /> : <Uncounted why={trouble} onAgain={again} />}
    </div>
  );
}

function WaysOut({ ways }: { ways: Ways | null }) {
  if (ways === null) {
    return <p class="quiet">Counting what each condition leaves out…</p>;
  }
  const useful = ways.filter(([, number]) => number > 0);
  if (useful.length === 0) {
    return <p>No condition alone is why: leave out two or more, or clear the search.</p>;
  }
  return (
    <ul class="ways">
      {useful.map(([way, number]) => (
        <li key={way.words}>
          <button type="button" onClick={() => (query.value = way.query)}>
            Without {way.words}: {imagesInWords(number)}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Uncounted({ why, onAgain }: { why: string; onAgain: () => void }) {
  return (
    <>
      <p>What each condition leaves out could not be counted. {why}</p>
      <button type="button" onClick={onAgain}>
        Count again
      </button>
    </>
  );
}
