// A real OpenID provider with a handful of people, for the test of single sign-on.
// Run: node provider.mjs REDIRECT_URI; it prints its address.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [redirect] = process.argv.slice(2);

const PEOPLE = {
  leo: { email: "Leo@example.com", email_verified: true, name: "Leo Lind", groups: ["desk", "staff"] },
  mia: { email: "mia@elsewhere.example", email_verified: true, name: "Mia", groups: ["desk"] },
  nik: { email: "ana@example.com", email_verified: false, name: "Nik", groups: ["desk"] },
  oda: { email: "oda@example.com", email_verified: true, name: "Oda", groups: [] },
};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "forecourt",
        client_secret: "a secret that only the two of us know",
        redirect_uris: [redirect],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    pkce: { required: () => true },
    scopes: ["openid", "email", "profile", "groups"],
    claims: { email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...PEOPLE[id] }) }),
    cookies: { keys: ["for tests"] },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
// Ends with the test: its pipe closes.
process.stdin.resume().on("end", () => process.exit(0));
