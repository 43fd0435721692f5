import { computed } from "@preact/signals";
import { lazy, Suspense } from "preact/compat";
import { useState } from "preact/hooks";
import { managing } from "../editing/state";
import { bringing, mayBring, openBring } from "../bring/state";
import { openOperations, operating } from "../operations/state";
import { refusal, ROOT, token } from "../api";
import { configuration, configure, mayAsk, signOut } from "../session/session";
import { chosen, refresh, tell, trouble } from "../store";
import { Details } from "./Details";
import { Histogram } from "./Histogram";
import { MapPane } from "./MapPane";
import { Results } from "./Results";
import { narrow } from "./screen";
import { SearchForm } from "./SearchForm";
import { SignIn } from "./SignIn";
import { ThemeField } from "./ThemeField";

const ManageProduct = lazy(() => import("../editing/ManageProduct"));
const Bring = lazy(() => import("../bring/Bring"));
const Operations = lazy(() => import("../operations/Operations"));

/**
 * On a small screen the parts lie below each other, in the order that the keyboard goes through them:
 * the search, the map, what was found; an open image comes after the map that shows it.
 */
export function App() {
  const isSearch = mayAsk.value && chosen.value === null && !isElsewhere.value;
  const side = (
    <aside key="side" class={configuration.value === null ? "side waiting" : "side"} id="side" tabIndex={-1} aria-label="Search">
      <Trouble />
      <Side />
    </aside>
  );
  const earth = (
    <section key="earth" class="earth" aria-label="Map and time">
      <MapPane />
      <Histogram />
    </section>
  );
  return (
    <>
      <Header />
      <main>
        {narrow.value && chosen.value !== null && mayAsk.value ? [earth, side] : [side, earth]}
        {narrow.value && isSearch && <Results key="found" />}
      </main>
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("side")?.focus();
}

function Header() {
  return (
    <header>
      <a class="skip" href="#side" onClick={skip}>
        Skip to the search
      </a>
      <h1>Swath explorer</h1>
      <nav aria-label="Page">
        <a href={`${ROOT}/docs`} target="_blank">
          API reference
        </a>
        <ThemeField />
        {mayBring.value && (
          <>
            <button type="button" aria-pressed={bringing.value} onClick={() => openBring()}>
              Bring images in
            </button>
            <button type="button" aria-pressed={operating.value} onClick={openOperations}>
              Operating
            </button>
          </>
        )}
        {token.value !== null && (
          <button type="button" onClick={() => void signOut()}>
            Sign out
          </button>
        )}
      </nav>
    </header>
  );
}

/** Whether something else than the search has the side. */
const isElsewhere = computed(() => managing.value !== null || (mayBring.value && (operating.value || bringing.value)));

function Side() {
  if (configuration.value === null) {
    return trouble.value === null ? <p class="quiet">Asking the catalog…</p> : null;
  }
  if (!mayAsk.value) {
    return <SignIn />;
  }
  if (chosen.value !== null) {
    return <Details key={`${chosen.value.collection}/${chosen.value.id}`} which={chosen.value} />;
  }
  if (isElsewhere.value) {
    return (
      <Suspense fallback={<p class="quiet">Loading…</p>}>
        <Elsewhere />
      </Suspense>
    );
  }
  return (
    <>
      {token.value === null && (
        <details class="group">
          <summary>You are not signed in: what is public is shown</summary>
          <SignIn isTold />
        </details>
      )}
      <Search />
      {!narrow.value && <Results />}
    </>
  );
}

function Elsewhere() {
  if (operating.value && mayBring.value) {
    return <Operations />;
  }
  return managing.value !== null ? <ManageProduct key={managing.value} id={managing.value} /> : <Bring />;
}

/** The fields of the search: a small screen has them behind one line. */
function Search() {
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      class="searching"
      open={isOpen || !narrow.value}
      onToggle={(event) => narrow.peek() && setOpen(event.currentTarget.open)}
    >
      <summary>Search by collection, time, place or property</summary>
      <SearchForm />
    </details>
  );
}

function Trouble() {
  const text = trouble.value ?? (mayAsk.value ? refusal.value : null);
  return (
    <div role="alert">
      {text !== null && text !== "" && (
        <div class="trouble">
          {text}{" "}
          {trouble.value !== null && (
            <button type="button" onClick={again}>
              Try again
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function again(): void {
  trouble.value = null;
  if (configuration.value === null) {
    configure().catch(tell);
  } else {
    refresh();
  }
}
