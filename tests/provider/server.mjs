// An OpenID provider on loopback for the tests of sign-in: whoever says a name is that person.
// node server.mjs PORT REDIRECT_URI...
import Provider from "oidc-provider";

const [port, ...redirects] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    { client_id: "coherence", client_secret: "provider-secret", redirect_uris: redirects },
  ],
  claims: { openid: ["sub"], email: ["email"], profile: ["name", "preferred_username"] },
  // All claims are in the ID token, or those of a scope are told by the userinfo endpoint alone.
  conformIdTokenClaims: process.env.USERINFO === "1",
  cookies: { keys: ["of the tests"] },
  pkce: { required: () => process.env.PKCE !== "0" },
  scopes: ["openid", "email", "profile", "roster"],
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      name: `${id} Example`,
      preferred_username: id.split("/")[0],
      email: process.env.EMAIL ?? `${id.replace("/", "-")}@provider.example`,
    }),
  }),
});
// As Clever tells who has signed in, which speaks OAuth 2 alone: who it is, and what they are called.
provider.use(async (context, next) => {
  const [, who] = /^\/v3\.0\/(me|users\/.+)$/.exec(context.path) ?? [];
  if (!who) return next();
  const token = await provider.AccessToken.find(context.get("authorization").slice(7));
  const id = token?.accountId;
  if (who === "me") context.body = id ? { type: "user", data: { id } } : {};
  else if (id && who === `users/${encodeURIComponent(id)}` && process.env.NAMES !== "0")
    context.body = {
      data: { id, name: { first: id, middle: "", last: "Example" }, email: `${id}@school.example`, roles: {} },
    };
});
provider.listen(Number(port), "127.0.0.1", () => console.log(`listening on ${issuer}`));
