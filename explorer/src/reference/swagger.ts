import "swagger-ui-dist/swagger-ui.css";
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { authorization, ROOT } from "../api";
import { sentTo } from "./sent";

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
  });
}
