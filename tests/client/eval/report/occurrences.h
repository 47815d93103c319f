// tests/client/eval/report/occurrences.h
// How often a picture has a part.
#ifndef ASSAY_TESTS_CLIENT_EVAL_REPORT_OCCURRENCES_H_
#define ASSAY_TESTS_CLIENT_EVAL_REPORT_OCCURRENCES_H_

#include <string>

namespace assay::testing {

inline int CountIn(const std::string& text, const std::string& part) {
  int n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_EVAL_REPORT_OCCURRENCES_H_
