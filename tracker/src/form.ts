// What somebody typed into a form that asks for it, but nothing that is secret.

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const SECRET_TYPES = ["password", "hidden", "file", "submit", "button", "reset", "image"];
const SECRET_NAMES = /pass|pwd|secret|token|csrf|card|cc-?(num|exp|csc|name)|cvv|cvc|iban|ssn|otp/i;

/** Name and properties of the event that a submitted form is, or `undefined` where the form does not ask to be captured. */
export function captured(form: HTMLFormElement): { name: string; properties: Record<string, string> } | undefined {
  const name = form.getAttribute("data-forecourt-capture");
  if (name === null) return undefined;
  const properties: Record<string, string> = {};
  for (const field of Array.from(form.elements) as Field[]) {
    const isPicked = !/^(radio|checkbox)$/.test(field.type) || (field as HTMLInputElement).checked;
    if (!field.name || !field.value || !isPicked || isSecret(field)) continue;
    properties[meaning(field)] = field.value.slice(0, 500);
  }
  const told = form.getAttribute("name") || form.id;
  if (told) properties.form = told;
  return { name: name || "form_submitted", properties };
}

function isSecret(field: Field): boolean {
  const hints = `${field.name} ${field.id} ${field.autocomplete || ""}`;
  return (
    SECRET_TYPES.includes(field.type) ||
    field.closest("[data-forecourt-ignore]") !== null ||
    /\bcc-|-code\b|password/.test(field.autocomplete || "") ||
    SECRET_NAMES.test(hints) ||
    isCardNumber(field.value)
  );
}

/** `email` and `phone` by what the field is, whatever it is called: they say who it is. */
function meaning(field: Field): string {
  const hint = `${field.type} ${field.autocomplete || ""}`;
  if (/\bemail\b/.test(hint)) return "email";
  if (/\btel\b/.test(hint)) return "phone";
  return field.name;
}

/** 13 to 19 digits whose check digit is right. */
export function isCardNumber(text: string): boolean {
  const digits = text.replace(/[\s-]/g, "");
  if (!/^\d{13,19}$/.test(digits)) return false;
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = at % 2 ? digit * 2 : digit;
    sum += 9 < doubled ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
