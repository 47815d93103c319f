// tests/testing/status_matchers.h
// GoogleTest matchers for absl::Status and absl::StatusOr; Debian 12's abseil is older than its own.
//   EXPECT_THAT(status, IsOk());
//   EXPECT_THAT(status_or, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("config.json")));
//   ASSERT_OK_AND_ASSIGN(auto value, status_or_expression);
#ifndef ASSAY_TESTS_TESTING_STATUS_MATCHERS_H_
#define ASSAY_TESTS_TESTING_STATUS_MATCHERS_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"

namespace assay::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, negation ? "is an error" : "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

// The status's code, and its message as matched by `message` (a GoogleTest matcher, or a whole string).
MATCHER_P2(StatusIs, code, message,
           std::string(negation ? "is not " : "is ") + absl::StatusCodeToString(code)) {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code &&
         ::testing::Matches(message)(std::string(StatusOf(arg).message()));
}
MATCHER_P(StatusIs, code,
          std::string(negation ? "is not " : "is ") + absl::StatusCodeToString(code)) {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

}  // namespace assay::testing

#define ASSERT_OK(expr) ASSERT_THAT((expr), ::assay::testing::IsOk())
#define EXPECT_OK(expr) EXPECT_THAT((expr), ::assay::testing::IsOk())
#define ASSERT_OK_AND_ASSIGN(lhs, expr) \
  ASSERT_OK_AND_ASSIGN_IMPL_(ASSAY_CONCAT_(test_status_or_, __LINE__), lhs, expr)
#define ASSERT_OK_AND_ASSIGN_IMPL_(result, lhs, expr) \
  auto result = (expr);                               \
  ASSERT_TRUE(result.ok()) << result.status();        \
  lhs = *std::move(result)

#endif  // ASSAY_TESTS_TESTING_STATUS_MATCHERS_H_
