// A page that a program serves asks it now and then what is new.
const S = globalThis.sicgrid;
