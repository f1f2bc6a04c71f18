// What is loaded first, and decides what is loaded next: dealers open the portal on telephones, often on a slow line, and it
// comes without the rest of the house.
const isPortal = /^\/portal\/?$/.test(location.pathname);
void (isPortal ? import("./portal") : import("./app"));
