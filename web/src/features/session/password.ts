/** The shortest password that is taken, in characters. */
export const PASSWORD_LENGTH_MIN = 10;
