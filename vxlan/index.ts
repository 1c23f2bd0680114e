/** The overlay engine, `import … from 'podpeer/vxlan'`. Nothing is here yet: see the status table of the README. */
export {}
