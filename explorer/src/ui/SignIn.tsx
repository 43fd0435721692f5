import { useState } from "preact/hooks";
import { refusal, words } from "../api";
import { unsent } from "../bring/state";
import { configuration, goSignIn, returning, signIn } from "../session/session";

/** The ways to sign in, below why that is needed unless the page says it elsewhere. */
export function SignIn({ isTold = false }: { readonly isTold?: boolean }) {
  const [text, setText] = useState("");
  const [trouble, setTrouble] = useState("");
  const how = configuration.value?.signIn ?? null;
  if (returning.value) {
    return <p class="quiet">Signing in…</p>;
  }
  return (
    <section aria-label="Sign in" class="signin">
      {!isTold && refusal.value !== null && refusal.value !== "" && (
        <p class="trouble" role="alert">
          {refusal.value}
        </p>
      )}
      {unsent.value !== "" && <p role="status">{unsent.value}</p>}
      {how !== null && (
        <>
          <h2>Sign in</h2>
          <p>The issuer that this catalog trusts asks who you are and leads back to what you see here.</p>
          <button
            type="button"
            class="main"
            onClick={() => {
              setTrouble("");
              goSignIn(how).catch((error: unknown) => setTrouble(`The issuer cannot be reached: ${words(error)}`));
            }}
          >
            Sign in
          </button>
        </>
      )}
      <h2>Use a token</h2>
      <p>A token of the issuer that the catalog trusts. It stays in this page and is forgotten with it.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== "") {
            signIn(text);
            setText("");
          }
        }}
      >
        <label>
          Token
          <input
            type="password"
            autocomplete="off"
            spellcheck={false}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Use it</button>
      </form>
      {trouble !== "" && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
    </section>
  );
}
