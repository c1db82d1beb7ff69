#include "telos_kernels.h"
