import { expect, test } from "vitest";
import { inScheme, knowsDark } from "./darkMail";

const mail =
  "<style>@media (prefers-color-scheme: dark) { p { color: white } } @media screen and (prefers-color-scheme:dark) { b { } }</style>";

test("what an e-mail says of the dark holds by the choice on the page, not by the reader's screen", () => {
  expect(knowsDark(mail)).toBe(true);
  expect(inScheme(mail, "dark")).toBe(
    "<style>@media (min-width: 0px) { p { color: white } } @media screen and (min-width: 0px) { b { } }</style>",
  );
  expect(inScheme(mail, "light")).toContain("@media (max-width: 0px) { p");
});

test("an e-mail that says nothing of the dark is left as it is", () => {
  expect(knowsDark("<p>Hello</p>")).toBe(false);
  expect(inScheme("<p>Hello</p>", "dark")).toBe("<p>Hello</p>");
});
