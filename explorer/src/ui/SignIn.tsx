import { useState } from "preact/hooks";
import { refusal, words } from "../api";
import { configuration, signIn, signInHere } from "../session/session";

export function SignIn() {
  const [text, setText] = useState("");
  const [trouble, setTrouble] = useState("");
  const here = () => {
    setTrouble("");
    signInHere().catch((error: unknown) => setTrouble(words(error)));
  };
  return (
    <section aria-label="Sign in" class="signin">
      {refusal.value !== null && refusal.value !== "" && (
        <p class="trouble" role="alert">
          {refusal.value}
        </p>
      )}
      {configuration.value?.localSignIn === true && (
        <>
          <h2>Sign in</h2>
          <p>This catalog runs on your machine and has an issuer of its own.</p>
          <button type="button" class="main" onClick={here}>
            Sign in as developer of acme
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
