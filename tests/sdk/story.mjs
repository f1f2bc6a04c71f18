// What every SDK tells: a device looks around, becomes Ana, asks for a call back, joins a company.

/** Ids that no other run uses, so that a test may run against a Forecourt that holds others. */
export function people(sdk) {
  const run = `${sdk}-${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
  return { userId: `ana-${run}`, anonymousId: `device-${run}`, email: `ana-${run}@example.com`, group: `company-${run}` };
}

/** The ids of one call under which it must be found. */
export function call(message) {
  const { type, event = null, messageId, userId = null, anonymousId = null } = message;
  if (!messageId) throw new Error(`a ${type} call has no message id`);
  return { type, event, messageId, userId: userId || null, anonymousId: anonymousId || null };
}
