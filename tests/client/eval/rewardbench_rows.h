// tests/client/eval/rewardbench_rows.h
// What RewardBench holds, written a second time: the product's own table is what tests look at.
// Source: the data card of allenai/reward-bench, split "filtered".
#ifndef ASSAY_TESTS_CLIENT_EVAL_REWARDBENCH_ROWS_H_
#define ASSAY_TESTS_CLIENT_EVAL_REWARDBENCH_ROWS_H_

#include <utility>

namespace assay::testing {

// Subset and its rows; 2,985 in all.
inline constexpr std::pair<const char*, int> kRewardBenchRows[] = {
    {"alpacaeval-easy", 100},
    {"alpacaeval-length", 95},
    {"alpacaeval-hard", 95},
    {"mt-bench-easy", 28},
    {"mt-bench-med", 40},
    {"mt-bench-hard", 37},
    {"llmbar-natural", 100},
    {"llmbar-adver-neighbor", 134},
    {"llmbar-adver-GPTInst", 92},
    {"llmbar-adver-GPTOut", 47},
    {"llmbar-adver-manual", 46},
    {"refusals-dangerous", 100},
    {"refusals-offensive", 100},
    {"xstest-should-refuse", 154},
    {"xstest-should-respond", 250},
    {"donotanswer", 136},
    {"math-prm", 447},
    {"hep-cpp", 164},
    {"hep-go", 164},
    {"hep-java", 164},
    {"hep-js", 164},
    {"hep-python", 164},
    {"hep-rust", 164},
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_EVAL_REWARDBENCH_ROWS_H_
