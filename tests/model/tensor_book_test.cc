#include "model/tensor_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::map<std::string, StoredTensor>& Tensors() {
  static const auto& tensors = *new std::map<std::string, StoredTensor>{
      {"a", {TensorDtype::kFloat32, {2, 3}, ""}}, {"b", {TensorDtype::kFloat32, {4}, ""}}};
  return tensors;
}

TEST(TensorBookTest, IsSettledOnceEveryTensorWasTaken) {
  TensorBook book(Tensors());
  EXPECT_EQ(book.Take("a", {2, 3}), &Tensors().at("a"));
  EXPECT_THAT(book.Finish(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("unexpected: b")));
  EXPECT_EQ(book.Take("b", {4}), &Tensors().at("b"));
  EXPECT_OK(book.Finish());
}

TEST(TensorBookTest, NamesWhatIsMissingAndWhatHasAnotherShape) {
  TensorBook book(Tensors());
  EXPECT_EQ(book.Take("a", {3, 2}), nullptr);
  EXPECT_EQ(book.Take("c", {1}), nullptr);
  EXPECT_THAT(book.Finish(),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("missing: c"), HasSubstr("a is [2, 3], expected [3, 2]"),
                             HasSubstr("unexpected: b"))));
}

TEST(TensorBookTest, NamesTheFirstFewAndCountsTheRest) {
  const std::map<std::string, StoredTensor> none;
  TensorBook book(none);
  for (int i = 0; i < 9; ++i) book.Take(std::string(1, static_cast<char>('p' + i)), {1});
  EXPECT_THAT(book.Finish().message(),
              AllOf(HasSubstr("p, q, r, s, t and 4 more"), Not(HasSubstr("u,"))));
}

}  // namespace
}  // namespace assay
