// The form for x86-64 with AVX-512.
#include "forms.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#define TELOS_FORM_AVX512 1
#define TELOS_FORM telos_form_avx512
#include "form.h"
#pragma clang attribute pop
#endif
