import { lazy, Suspense } from "preact/compat";
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
import { SearchForm } from "./SearchForm";
import { SignIn } from "./SignIn";
import { ThemeField } from "./ThemeField";

const ManageProduct = lazy(() => import("../editing/ManageProduct"));
const Bring = lazy(() => import("../bring/Bring"));
const Operations = lazy(() => import("../operations/Operations"));

export function App() {
  return (
    <>
      <Header />
      <main>
        <aside class="side" id="side" tabIndex={-1} aria-label="Search">
          <Trouble />
          <Side />
        </aside>
        <section class="earth" aria-label="Map and time">
          <MapPane />
          <Histogram />
        </section>
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

function Side() {
  if (configuration.value === null) {
    return trouble.value === null ? <p class="quiet">Asking the catalog…</p> : null;
  }
  if (!mayAsk.value) {
    return <SignIn />;
  }
  if (operating.value && mayBring.value && chosen.value === null) {
    return (
      <Suspense fallback={<p class="quiet">Loading…</p>}>
        <Operations />
      </Suspense>
    );
  }
  if (managing.value !== null && chosen.value === null) {
    return (
      <Suspense fallback={<p class="quiet">Loading…</p>}>
        <ManageProduct key={managing.value} id={managing.value} />
      </Suspense>
    );
  }
  if (bringing.value && mayBring.value && chosen.value === null) {
    return (
      <Suspense fallback={<p class="quiet">Loading…</p>}>
        <Bring />
      </Suspense>
    );
  }
  if (chosen.value !== null) {
    return <Details key={`${chosen.value.collection}/${chosen.value.id}`} which={chosen.value} />;
  }
  return (
    <>
      {token.value === null && (
        <details class="group">
          <summary>You are not signed in: what is public is shown</summary>
          <SignIn isTold />
        </details>
      )}
      <SearchForm />
      <Results />
    </>
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
