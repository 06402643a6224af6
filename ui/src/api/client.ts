/** The API with the types of its document: for what is at one path. Lists, objects and changes have their own files. */

import createClient from "openapi-fetch";

import type { paths } from "./schema";
import { send } from "./send";

/** `await api.GET("/api/v1/machines/{machine}/details", { params: { path: { machine } } })` */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });
