import { InMemoryWebStorage, type User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import { refusal, ROOT, token } from "../api";
import { sessionEnded, type SignIn } from "./session";

const RENEW_SECONDS = 60;

let made: UserManager | null = null;
/** Whether the tokens that there are came with one that renews them. */
let renewable = false;

/**
 * Return what speaks to the issuer: the authorization code with PKCE.
 *
 * Tokens are kept in memory. What the page must know when it is loaded again on the way back, the
 * state and the verifier of PKCE, is in the tab's session storage until then.
 */
function manager(how: SignIn): UserManager {
  made ??= follow(
    how,
    new UserManager({
      authority: how.issuer,
      metadataUrl: how.metadata,
      client_id: how.client,
      scope: how.scope,
      response_type: "code",
      redirect_uri: here(),
      post_logout_redirect_uri: here(),
      userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
      stateStore: new WebStorageStateStore({ store: sessionStorage, prefix: "swath." }),
      automaticSilentRenew: false, // without a refresh token it would need a frame, which the policy forbids
      accessTokenExpiringNotificationTimeInSeconds: RENEW_SECONDS,
      monitorSession: false,
      loadUserInfo: false,
    }),
  );
  return made;
}

/** Return this page's address as it is registered at the issuer. */
function here(): string {
  return /\/(docs|stac\/api\.html)$/.test(location.pathname) ? `${ROOT}/docs` : `${ROOT}/`;
}

function follow(how: SignIn, issuer: UserManager): UserManager {
  issuer.events.addUserLoaded((user) => {
    renewable = user.refresh_token !== undefined;
    use(how, user);
  });
  issuer.events.addAccessTokenExpiring(() => void renew(issuer));
  issuer.events.addAccessTokenExpired(() => {
    void issuer.removeUser();
    sessionEnded();
  });
  return issuer;
}

function use(how: SignIn, user: User): void {
  const given = how.token === "id_token" ? user.id_token : user.access_token;
  if (given === undefined || given === "") {
    throw new Error(`the issuer gave no ${how.token.replace("_", " ")}`);
  }
  refusal.value = null;
  token.value = given;
}

async function renew(issuer: UserManager): Promise<void> {
  if (renewable) {
    // where that fails the token stays good until it ends, which is said then
    await issuer.signinSilent().catch(() => undefined);
  }
}

export async function start(how: SignIn, state: string): Promise<void> {
  await manager(how).signinRedirect({ state });
}

/** Get the tokens that the issuer's answer, an address of this page, is good for; return the state. */
export async function finish(how: SignIn, address: string): Promise<string> {
  const issuer = manager(how);
  const user = await issuer.signinRedirectCallback(address);
  use(how, user);
  return typeof user.state === "string" ? user.state : "";
}

/** End the session at the issuer, if this page has one. No token is put into an address for it. */
export async function end(how: SignIn): Promise<void> {
  const issuer = manager(how);
  const user = await issuer.getUser();
  if (user === null) {
    return;
  }
  const metadata = await issuer.metadataService.getMetadata();
  if (metadata.revocation_endpoint !== undefined && user.refresh_token !== undefined) {
    await issuer.revokeTokens(["refresh_token"]).catch(() => undefined); // it is forgotten here all the same
  }
  await issuer.removeUser(); // else its ID token would be a parameter of the address below
  if (metadata.end_session_endpoint !== undefined) {
    await issuer.signoutRedirect({ extraQueryParams: { logout_uri: here() } }); // as Cognito calls it
  }
}
