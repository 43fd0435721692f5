import { useEffect, useRef, useState } from "preact/hooks";
import { ROOT, token, words } from "../api";
import { configuration, signOut } from "../session/session";
import { SignIn } from "../ui/SignIn";
import { ThemeField } from "../ui/ThemeField";

/** The API's reference: a header and a way to sign in of ours, below them what Swagger UI makes of it. */
export function Reference({ ready }: { readonly ready: Promise<void> }) {
  const place = useRef<HTMLDivElement>(null);
  const [trouble, setTrouble] = useState("");
  const [loading, setLoading] = useState(true);
  useEffect(() => {
    const tell = (error: unknown) => setTrouble(words(error));
    ready.catch(tell);
    void import("./swagger").then(({ show }) => {
      if (place.current !== null) {
        show(place.current, description(), () => setLoading(false));
      }
    }, tell);
  }, [ready]);
  return (
    <>
      <header>
        <h1>Swath API</h1>
        <nav aria-label="Page">
          <a href={`${ROOT}/`}>Explorer</a>
          <a href={description()}>OpenAPI as JSON</a>
          <ThemeField />
          {token.value !== null && (
            <button type="button" onClick={() => void signOut()}>
              Sign out
            </button>
          )}
        </nav>
      </header>
      <div class="reference">
        <Session />
        <div role="status">
          {loading && trouble === "" && <p class="quiet">Loading the description of the API…</p>}
        </div>
        <div role="alert">{trouble !== "" && <p class="trouble">{trouble}</p>}</div>
        <div ref={place} id="reference" />
      </div>
    </>
  );
}

function Session() {
  if (token.value !== null) {
    return (
      <section class="session quiet" aria-label="Session">
        You are signed in: what is tried below is sent with your token.
      </section>
    );
  }
  if (configuration.value === null) {
    return null;
  }
  return (
    <section class="session" aria-label="Session">
      <details class="group" open>
        <summary>Sign in to try operations</summary>
        <SignIn />
      </details>
    </section>
  );
}

/** Return the address of the description: the whole one, or on the page of the STAC API that one's. */
function description(): string {
  return location.pathname.endsWith("/stac/api.html") ? `${ROOT}/stac/api` : `${ROOT}/openapi.json`;
}
