#pragma once

// DQND_VECTORIZED before a function compiles its loops for several vector widths; the widest that
// the processor has is picked at start. Every operation stays IEEE and is never contracted, so that
// all of them give the same numbers. Sanitizers cannot run the code that picks.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__x86_64__)
#define DQND_VECTORIZED
#else
#define DQND_VECTORIZED __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
