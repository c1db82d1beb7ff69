// The form for x86-64 with AVX2 and FMA.
#include "forms.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define TELOS_FORM_AVX2 1
#define TELOS_FORM telos_form_avx2
#include "form.h"
#pragma clang attribute pop
#endif
