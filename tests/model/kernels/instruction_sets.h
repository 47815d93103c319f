// tests/model/kernels/instruction_sets.h
// Runs a test once for each instruction set that the kernels are compiled for and this machine has, so that the slower
// ones are proved on a fast machine too.
#ifndef ASSAY_TESTS_MODEL_KERNELS_INSTRUCTION_SETS_H_
#define ASSAY_TESTS_MODEL_KERNELS_INSTRUCTION_SETS_H_

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdint>
#include <string>
#include <vector>

#include "model/kernels/targets.h"

namespace assay::testing {

inline std::vector<int64_t> InstructionSets() {
  std::vector<int64_t> sets;
  for (int64_t set : {static_cast<int64_t>(HWY_STATIC_TARGET), static_cast<int64_t>(HWY_AVX2),
                      static_cast<int64_t>(HWY_AVX3_DL)}) {
    const bool is_new = sets.empty() || sets.front() != set;
    if (is_new && (hwy::SupportedTargets() & set) != 0) sets.push_back(set);
  }
  return sets;
}

class InstructionSetTest : public ::testing::TestWithParam<int64_t> {
 protected:
  InstructionSetTest() {
    hwy::SetSupportedTargetsForTest(GetParam());
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  ~InstructionSetTest() override {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
};

inline std::string NameOfSet(const ::testing::TestParamInfo<int64_t>& info) {
  return hwy::TargetName(info.param);
}

}  // namespace assay::testing

#endif  // ASSAY_TESTS_MODEL_KERNELS_INSTRUCTION_SETS_H_
