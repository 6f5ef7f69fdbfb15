// The client calls a server, whose address and token are its arguments, through the types
// that openapi-typescript has generated.
import createClient from "openapi-fetch";
import type { components, paths } from "./equality.js";

declare const process: { argv: [string, string, string, string]; stdout: { write(text: string): void } };

const [, , baseUrl, token] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const say = (text: string) => process.stdout.write(text);

const targetId = crypto.randomUUID();
const created = await client.POST("/equality-information", {
  body: { targetId, nationality: "british", disabled: true, languages: [{ language: "english", isPrimary: true }, { language: "french" }] },
});
const etag = created.response.headers.get("ETag")!;
say(`created ${etag.slice(1, -1)}, `);

// @ts-expect-error The types know the members of an element of a list.
const mistaken: components["schemas"]["LanguagesInput"] = [{ tongue: "english" }];
// @ts-expect-error An answer is a boolean or text.
const number: components["schemas"]["AnswerInput"] = 1;

const params = { path: { id: targetId } };
const read = await client.GET("/equality-information/{id}", { params });
say(`read ${read.data!.disabled} and ${read.data!.nationality}, `);

await client.PUT("/persons/{id}", { params, body: { firstName: "Ada" } });
const whole = await client.GET("/equality-information/{id}", { params: { ...params, query: { include: ["person"] } } });
say(`${whole.data!.personStatus} with ${whole.data!.person!.displayName}, `);

const patched = await client.PATCH("/equality-information/{id}", {
  params: { ...params, header: { "If-Match": etag } },
  body: { nationality: null, disabled: "preferNotToSay" },
});
if (patched.data!.nationality === undefined) {
  say(`patched ${patched.data!.disabled} without nationality, `);
}

const page = await client.GET("/equality-information", { params: { query: { limit: 10 } } });
if ("equalityInformation" in page.data!) {
  say(`listed ${page.data.equalityInformation.length}, `);
}

const refused = await client.PATCH("/equality-information/{id}", { params, body: { disabled: "certainly" } });
const problem: components["schemas"]["Problem"] = refused.error!;
if (problem.type === "/docs/problems/invalid-body" && problem.status === 400) {
  say(`refused ${problem.errors![0]!.pointer.slice(1)}\n`);
}
