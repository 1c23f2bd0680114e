/** The BGP engine, `import … from 'podpeer/bgp'`: runs with no kernel and no Kubernetes. */
export {}
