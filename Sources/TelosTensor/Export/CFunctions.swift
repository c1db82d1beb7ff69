/// The kernels' algorithms in scalar C: the same operations in the same order, so the same bits.
///
/// Here are functions of numbers; `CFunctions+Kernels.swift` has those of arrays.
enum CFunctions {
    /// Definitions of the functions named and of those they call, each once, callees first.
    static func definitions(of names: Set<String>) -> [String] {
        var needed = names
        for function in all.reversed() where needed.contains(function.name) { needed.formUnion(function.calls) }
        return all.filter { needed.contains($0.name) }.flatMap {
            $0.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) + [""]
        }
    }

    struct Function {
        var name: String
        var calls: [String] = []
        var text: String
    }

    /// Callees before callers.
    private static let all = scalar + kernels

    private static let scalar: [Function] = [
        Function(
            name: "exp_rest",
            text: """
                /* The rest r of x = k ln 2 + r, with (exp(r) - 1 - r) / r^2. */
                static float exp_rest(float x, float lean, int *k, float *tail) {
                    const float shifted = FMA(x - lean, 0x1.715476p+0f, 0x1.8p23f);
                    const float n = shifted - 0x1.8p23f;
                    float r = FMA(n, -0x1.62e430p-1f, x), p = 0x1.a0332cp-13f;
                    r = FMA(n, 0x1.05c610p-29f, r);
                    p = FMA(p, r, 0x1.6d78dap-10f);
                    p = FMA(p, r, 0x1.11118ep-7f);
                    p = FMA(p, r, 0x1.5554aap-5f);
                    p = FMA(p, r, 0x1.555554p-3f);
                    *tail = FMA(p, r, 0.5f);
                    *k = (int)n;
                    return r;
                }
                """),
        Function(
            name: "exp_f", calls: ["exp_rest"],
            text: """
                static float exp_f(float x) {
                    int k;
                    float tail, r, sum;
                    if (x != x) return x;
                    if (x < -104.0f) x = -104.0f;
                    if (x > 89.0f) x = 89.0f;
                    r = exp_rest(x, 0.0f, &k, &tail);
                    sum = r + 1.0f;
                    return ldexpf(sum + FMA(r * r, tail, r - (sum - 1.0f)), k);
                }
                """),
        Function(
            name: "expm1_f", calls: ["exp_rest"],
            text: """
                static float expm1_f(float x) {
                    int k;
                    float tail, r, half_power, t = x;
                    if (x != x || fabsf(x) < 0x1p-25f) return x;
                    if (t < -30.0f) t = -30.0f;
                    if (t > 89.0f) t = 89.0f;
                    r = exp_rest(t, 0.0f, &k, &tail);
                    half_power = ldexpf(1.0f, k - 1);
                    return FMA(half_power, FMA(r * r, tail, r), half_power - 0.5f) * 2.0f;
                }
                """),
        Function(
            name: "tanh_f", calls: ["exp_rest"],
            text: """
                static float tanh_f(float x) {
                    int k;
                    float a = fabsf(x), tail, r, power, e, below, lost, y;
                    if (x != x) return x;
                    if (a > 10.0f) a = 10.0f;
                    r = exp_rest(a + a, 0.07f, &k, &tail);
                    power = ldexpf(1.0f, k);
                    e = FMA(power, FMA(r * r, tail, r), power - 1.0f);
                    below = e + 2.0f;
                    lost = a < 1.0f ? e - (below - 2.0f) : 0.0f;
                    y = e / below;
                    return copysignf(FMA(y * lost, FMA(y, 0.5f, -0.5f), y), x);
                }
                """),
        Function(
            name: "sigmoid_f", calls: ["exp_f"],
            text: """
                static float sigmoid_f(float x) {
                    const float e = exp_f(-fabsf(x)), below = e + 1.0f;
                    const float lost = e - (below - 1.0f), y = (x < 0.0f ? e : 1.0f) / below;
                    return FMA(y * lost, x < 0.0f ? y - 1.0f : -y, y);
                }
                """),
        Function(
            name: "log_parts",
            text: """
                /* n ln 2 + log(1 + f). */
                static float log_parts(float f, float n) {
                    const float square = f * f;
                    float p = 0x1.1441bcp-4f, y;
                    p = FMA(p, f, -0x1.de333ep-4f);
                    p = FMA(p, f, 0x1.e6f504p-4f);
                    p = FMA(p, f, -0x1.fc23c6p-4f);
                    p = FMA(p, f, 0x1.23373cp-3f);
                    p = FMA(p, f, -0x1.555c40p-3f);
                    p = FMA(p, f, 0x1.99a4b6p-3f);
                    p = FMA(p, f, -0x1.000006p-2f);
                    p = FMA(p, f, 0x1.555548p-2f);
                    y = (f * square) * p;
                    y = FMA(n, -0x1.05c610p-29f, y);
                    y = FMA(square, -0.5f, y);
                    y = f + y;
                    return FMA(n, 0x1.62e430p-1f, y);
                }
                """),
        Function(
            name: "log_significand",
            text: """
                /* The significand of a positive number in [sqrt(1/2), sqrt(2)), and its exponent. */
                static float log_significand(float x, int *exponent) {
                    const float m = frexpf(x, exponent);
                    if (m >= 0x1.6a09e6p-1f) return m;
                    *exponent -= 1;
                    return 2.0f * m;
                }
                """),
        Function(
            name: "log_f", calls: ["log_parts", "log_significand"],
            text: """
                static float log_f(float x) {
                    int exponent;
                    float m;
                    if (x < 0.0f) return NAN;
                    if (x == 0.0f) return -INFINITY;
                    if (!(x < INFINITY)) return x;
                    m = log_significand(x, &exponent);
                    return log_parts(m - 1.0f, (float)exponent);
                }
                """),
        Function(
            name: "log1p_f", calls: ["log_parts", "log_significand"],
            text: """
                static float log1p_f(float x) {
                    int exponent;
                    float u, part, lost, m;
                    if (x < -1.0f) return NAN;
                    if (x == -1.0f) return -INFINITY;
                    if (!(x < INFINITY) || fabsf(x) < 0x1p-25f) return x;
                    u = x + 1.0f;
                    part = u - 1.0f;
                    lost = (1.0f - (u - part)) + (x - part);
                    m = log_significand(u, &exponent);
                    return log_parts(FMA(lost, ldexpf(1.0f, exponent > 64 ? -64 : -exponent), m - 1.0f), (float)exponent);
                }
                """),
        Function(
            name: "softplus_f", calls: ["exp_f", "log1p_f"],
            text: """
                static float softplus_f(float x) { return (x > 0.0f ? x : 0.0f) + log1p_f(exp_f(-fabsf(x))); }
                """),
        Function(
            name: "trigonometry",
            text: """
                /* Sine (quarter 0) or cosine (quarter 1). */
                static float trigonometry(float x, unsigned quarter) {
                    float n, r, square, s, c, y;
                    unsigned k;
                    if (!(fabsf(x) <= 65536.0f)) return (float)(quarter ? cos((double)x) : sin((double)x));
                    n = FMA(x, 0x1.45f306p-1f, 0x1.8p23f) - 0x1.8p23f;
                    k = (unsigned)(int)n + quarter;
                    r = FMA(n, -0x1.921fb6p+0f, x);
                    r = FMA(n, 0x1.777a5cp-25f, r);
                    r = FMA(n, 0x1.ee59dap-50f, r);
                    square = r * r;
                    s = FMA(-0x1.9947cap-13f, square, 0x1.11074cp-7f);
                    s = FMA(s, square, -0x1.555546p-3f);
                    s = FMA(s, square * r, r);
                    c = FMA(0x1.99fc24p-16f, square, -0x1.6c0c76p-10f);
                    c = FMA(c, square, 0x1.55554ap-5f);
                    c = FMA(c, square * square, FMA(square, -0.5f, 1.0f));
                    y = (k & 1u) ? c : s;
                    return (k & 2u) ? -y : y;
                }
                """),
        Function(
            name: "sin_f", calls: ["trigonometry"],
            text: "static float sin_f(float x) { return x == 0.0f ? x : trigonometry(x, 0u); }"),
        Function(
            name: "cos_f", calls: ["trigonometry"],
            text: "static float cos_f(float x) { return trigonometry(x, 1u); }"),
        Function(
            name: "erf_f", calls: ["exp_f"],
            text: """
                static float erf_f(float x) {
                    const float a = fabsf(x), square = x * x, t = a > 4.0f ? 4.0f : a;
                    float p = 0x1.5e062cp-14f, q = 0x1.6bad3cp-17f;
                    if (x != x) return x;
                    p = FMA(p, square, -0x1.aaa2d6p-11f);
                    p = FMA(p, square, 0x1.54d42ap-8f);
                    p = FMA(p, square, -0x1.b80ff2p-6f);
                    p = FMA(p, square, 0x1.ce2e1cp-4f);
                    p = FMA(p, square, -0x1.812744p-2f);
                    p = FMA(p, square, 0x1.06eba8p-3f);
                    if (a < 0.92f) return FMA(p, x, x);
                    q = FMA(q, t, -0x1.4e5faap-12f);
                    q = FMA(q, t, 0x1.db579cp-9f);
                    q = FMA(q, t, -0x1.84c4e8p-6f);
                    q = FMA(q, t, 0x1.b2fcdap-4f);
                    q = FMA(q, t, 0x1.45359cp-1f);
                    q = FMA(q, t, 0x1.0775dep-3f);
                    return copysignf(1.0f - exp_f(-FMA(q, t, t)), x);
                }
                """),
        Function(
            name: "sign_f",
            text: "static float sign_f(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }"),
    ]
}
