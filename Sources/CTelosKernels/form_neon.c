// The form for 64-bit Arm, whose baseline has fused multiply-adds.
#include "forms.h"

#if defined(__aarch64__)
#define TELOS_FORM_NEON 1
#define TELOS_FORM telos_form_neon
#include "form.h"
#endif
