// The form for any machine: fused multiply-adds made of doubles.
#include "forms.h"

#define TELOS_FORM_SCALAR 1
#define TELOS_FORM telos_form_scalar
#include "form.h"
