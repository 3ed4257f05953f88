// The same trivial function for every contestant.
export const handler = async (event) => ({ greeting: `Hello, ${event.name}!` });
