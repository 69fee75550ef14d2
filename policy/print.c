/* print.c: `profiles`: the rows of profiles.def as built, for people. */
#include "policy/policy.h"

int main(void)
{
    policy_print(stdout);
    return 0;
}
