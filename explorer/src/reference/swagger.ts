import "swagger-ui-dist/swagger-ui.css";
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { authorization, reasonOf, refused, refusedWords, ROOT, token } from "../api";
import { sentTo } from "./sent";

const UNAUTHORIZED = 401;
const nothing = () => () => null;

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
    plugins: [{ wrapComponents: { authorizeBtn: nothing, authorizeOperationBtn: nothing } }],
    requestInterceptor: (request) => {
      if (sentTo(request.url, ROOT, document.baseURI)) {
        request.headers = { ...authorization(), ...request.headers };
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
