// Floating point in guest code and in printf.
// expect: 3.141592653589793 1e+100 0.1 1.7976931348623157e+308 4.9406564584124654e-324
// expect: 0.3333333432674408 16777216 1.1754943508222875e-38
// expect: inf -inf nan 0 -0
// expect: 2147483647 -2147483648 9007199254740993 -5
// expect: 1.4142135623730951 0.8414709848078965 2.718281828459045 0.6931471805599453 1024
// expect: 1.250000e+00 0x1.4p+0 1.25
#include "check.h"
#include <math.h>
#include <stdlib.h>

static volatile double zero = 0, one = 1;
static volatile float third = 1.0f / 3;

int main(void)
{
    printf("%.16g %g %g %.17g %.17g\n", M_PI, 1e100, 0.1, 1.7976931348623157e308, 5e-324);
    printf("%.16g %.9g %.17g\n", (double)third, (double)(16777216.0f + (float)one),
           (double)1.17549435e-38f);
    printf("%g %g %g %g %g\n", one / zero, -one / zero, fabs(zero / zero), zero, -zero);
    printf("%d %d %lld %d\n", (int)(2147483647.0 * one), (int)(-2147483648.0 * one),
           (long long)(9007199254740992.0 * one) + 1, (int)(-5.9 * one));
    printf("%.17g %.16g %.16g %.16g %g\n", sqrt(2 * one), sin(one), exp(one), log(2 * one),
           pow(2, 10 * one));
    double parsed = strtod("1.25", 0);
    printf("%e %a %g\n", parsed, parsed, parsed);
    return 0;
}
