#ifndef TELOS_MATH_H
#define TELOS_MATH_H
#include <math.h>
static inline double telos_log64(double x) { return log(x); }
static inline double telos_cos64(double x) { return cos(x); }
static inline double telos_sin64(double x) { return sin(x); }
static inline double telos_exp64(double x) { return exp(x); }
#endif
