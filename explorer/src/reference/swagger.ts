import "swagger-ui-dist/swagger-ui.css";
import SwaggerUI, { type Wrap } from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { authorization, reasonOf, refused, refusedWords, ROOT, token } from "../api";
import { sentTo } from "./sent";

const UNAUTHORIZED = 401;
const nothing = () => () => null;

/** In place of the token, which stays off the screen and the clipboard: what a shell puts it in for. */
const TOKEN_OF_SHELL = '-H "Authorization: Bearer $SWATH_TOKEN"';

/** Show the curl command of a request without its token. */
const tokenless: Wrap = (Original, { React }) => (props) =>
  React.createElement(Original, { ...props, request: props.request.deleteIn(["headers", "Authorization"]) });

/** Show a description in an element; what is tried is sent with the token of the page. */
export function show(domNode: HTMLElement, url: string, onComplete: () => void): void {
  SwaggerUI({
    domNode,
    url,
    onComplete,
    validatorUrl: null, // it would send the address of the description to another host
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    // the page has its own way to sign in: one, for all operations
    plugins: [{ wrapComponents: { authorizeBtn: nothing, authorizeOperationBtn: nothing, curl: tokenless } }],
    requestInterceptor: (request) => {
      if (sentTo(request.url, ROOT, document.baseURI)) {
        request.headers = { ...authorization(), ...request.headers };
        request.curlOptions = token.value === null ? [] : [TOKEN_OF_SHELL];
      }
      return request;
    },
    responseInterceptor: (response) => {
      if (response.status === UNAUTHORIZED && token.value !== null && sentTo(response.url, ROOT, document.baseURI)) {
        refused(refusedWords(reasonIn(response.text)));
      }
      return response;
    },
  });
}

function reasonIn(text: string | undefined): string {
  try {
    return reasonOf(JSON.parse(text ?? "")) ?? "it is not valid any more";
  } catch {
    return "it is not valid any more";
  }
}
