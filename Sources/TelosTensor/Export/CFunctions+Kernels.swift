extension CFunctions {
    /// Products, reductions, choices: functions of arrays, callees before callers.
    static let kernels: [Function] = [
        Function(
            name: "matmul",
            text: """
                /* y[m, n] = a[m, k] b[k, n]; each element accumulates over k in order. */
                static void matmul(float *restrict y, const float *restrict a, const float *restrict b, int m, int k, int n) {
                    for (int row = 0; row < m; ++row, y += n, a += k) {
                        for (int j = 0; j < n; ++j) y[j] = 0.0f;
                        for (int i = 0; i < k; ++i) {
                            const float x = a[i];
                            const float *const r = b + i * n;
                            for (int j = 0; j < n; ++j) y[j] = FMA(x, r[j], y[j]);
                        }
                    }
                }
                """),
        Function(
            name: "sum_lanes",
            text: """
                /* Lane l takes elements l, l + 16, ...; then lane l joins lane l + 8, then 4, 2, 1. */
                static float sum_lanes(const float *x, int count) {
                    float lanes[16] = {0.0f};
                    for (int i = 0; i < count; ++i) lanes[i % 16] += x[i];
                    for (int half = 8; half > 0; half /= 2) {
                        for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
                    }
                    return lanes[0];
                }
                """),
        Function(
            name: "sum_rows", calls: ["sum_lanes"],
            text: """
                static void sum_rows(float *y, const float *x, int rows, int count, int inner) {
                    (void)inner;
                    for (int row = 0; row < rows; ++row) y[row] = sum_lanes(x + row * count, count);
                }
                """),
        Function(
            name: "sum_columns",
            text: """
                static void sum_columns(float *y, const float *x, int outer, int count, int inner) {
                    for (int o = 0; o < outer; ++o, y += inner, x += count * inner) {
                        for (int c = 0; c < inner; ++c) {
                            float sum = 0.0f;
                            for (int i = 0; i < count; ++i) sum += x[i * inner + c];
                            y[c] = sum;
                        }
                    }
                }
                """),
        Function(
            name: "maximum_columns",
            text: """
                /* NaN where one of them is. */
                static void maximum_columns(float *y, const float *x, int outer, int count, int inner) {
                    for (int o = 0; o < outer; ++o, y += inner, x += count * inner) {
                        for (int c = 0; c < inner; ++c) {
                            float largest = -INFINITY;
                            for (int i = 0; i < count; ++i) {
                                const float next = x[i * inner + c];
                                if (next > largest || next != next) largest = next;
                            }
                            y[c] = largest;
                        }
                    }
                }
                """),
        Function(
            name: "maximum_rows", calls: [],
            text: """
                /* NaN where one of them is. */
                static void maximum_rows(float *y, const float *x, int rows, int count, int inner) {
                    (void)inner;
                    for (int row = 0; row < rows; ++row, x += count) {
                        y[row] = -INFINITY;
                        for (int i = 0; i < count; ++i) {
                            if (x[i] > y[row] || x[i] != x[i]) y[row] = x[i];
                        }
                    }
                }
                """),
        Function(
            name: "argmax",
            text: """
                /* The first NaN, or else the first of the largest. */
                static void argmax(float *y, const float *x, int rows, int count) {
                    for (int row = 0; row < rows; ++row, x += count) {
                        int at = 0;
                        for (int i = 0; i < count; ++i) {
                            if (x[i] != x[i]) {
                                at = i;
                                break;
                            }
                            if (x[i] > x[at]) at = i;
                        }
                        y[row] = (float)at;
                    }
                }
                """),
        Function(
            name: "shift",
            text: """
                /* What is subtracted before an exponential: the largest, where it is finite. */
                static float shift(const float *x, int count) {
                    float largest = -INFINITY;
                    for (int i = 0; i < count; ++i) {
                        if (x[i] > largest || x[i] != x[i]) largest = x[i];
                    }
                    return fabsf(largest) < INFINITY ? largest : 0.0f;
                }
                """),
        Function(
            name: "exponential_sum", calls: ["exp_f"],
            text: """
                /* The sum of exponentials, in lanes as all sums. */
                static float exponential_sum(const float *x, int count, float less) {
                    float lanes[16] = {0.0f};
                    for (int i = 0; i < count; ++i) lanes[i % 16] += exp_f(x[i] - less);
                    for (int half = 8; half > 0; half /= 2) {
                        for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
                    }
                    return lanes[0];
                }
                """),
        Function(
            name: "softmax", calls: ["shift", "exponential_sum", "exp_f"],
            text: """
                static void softmax(float *y, const float *x, int rows, int count) {
                    for (int row = 0; row < rows; ++row, x += count, y += count) {
                        const float less = shift(x, count), sum = exponential_sum(x, count, less);
                        for (int i = 0; i < count; ++i) y[i] = exp_f(x[i] - less) / sum;
                    }
                }
                """),
        Function(
            name: "log_sum_exp", calls: ["shift", "exponential_sum", "log_f"],
            text: """
                static void log_sum_exp(float *y, const float *x, int rows, int count) {
                    for (int row = 0; row < rows; ++row, x += count) {
                        const float less = shift(x, count);
                        y[row] = log_f(exponential_sum(x, count, less)) + less;
                    }
                }
                """),
        Function(
            name: "cumulative_sum",
            text: """
                static void cumulative_sum(float *y, const float *x, int rows, int count) {
                    for (int row = 0; row < rows; ++row, x += count, y += count) {
                        float sum = 0.0f;
                        for (int i = 0; i < count; ++i) y[i] = sum += x[i];
                    }
                }
                """),
        Function(
            name: "cumulative_sum_reverse",
            text: """
                static void cumulative_sum_reverse(float *y, const float *x, int rows, int count) {
                    for (int row = 0; row < rows; ++row, x += count, y += count) {
                        float sum = 0.0f;
                        for (int i = count - 1; i >= 0; --i) y[i] = sum += x[i];
                    }
                }
                """),
        Function(
            name: "index_below",
            text: """
                /* An index, or -1 where it lies outside. */
                static int index_below(float x, int count) { return x >= 0.0f && x < (float)count ? (int)x : -1; }
                """),
        Function(
            name: "scatter_last", calls: ["index_below"],
            text: """
                static void scatter_last(float *y, const float *x, const float *index, int rows, int count) {
                    for (int row = 0; row < rows; ++row, y += count) {
                        const int at = index_below(index[row], count);
                        for (int i = 0; i < count; ++i) y[i] = i == at ? x[row] : 0.0f;
                    }
                }
                """),
        Function(
            name: "gather_last", calls: ["index_below"],
            text: """
                static void gather_last(float *y, const float *x, const float *index, int rows, int count) {
                    for (int row = 0; row < rows; ++row, x += count) {
                        const int at = index_below(index[row], count);
                        y[row] = at < 0 ? 0.0f : x[at];
                    }
                }
                """),
        Function(
            name: "gather_rows", calls: ["index_below"],
            text: """
                static void gather_rows(float *y, const float *x, const float *index, int rows, int count, int width) {
                    for (int row = 0; row < rows; ++row, y += width) {
                        const int at = index_below(index[row], count);
                        for (int i = 0; i < width; ++i) y[i] = at < 0 ? 0.0f : x[at * width + i];
                    }
                }
                """),
    ]
}
