package netcode

// HeadLen is the length of what a multicast's messages begin with.
const HeadLen = headLen
