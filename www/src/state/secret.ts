/** Values of such attributes are covered until asked for. */
export const secret = (target: string): boolean => /password|secret|token|credential/i.test(target);
