#include "base/grpc_status.h"

#include <string>

#include "base/utf8.h"
#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(GrpcStatusTest, EveryCodeSurvivesTheRoundTripWithItsMessage) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    EXPECT_EQ(ToGrpcStatus(status).error_code(), code);
    EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(status)), status);
  }
}

TEST(GrpcStatusTest, AnUnknownCodeBecomesUnknown) {
  const grpc::Status odd(static_cast<grpc::StatusCode>(99), "odd");
  EXPECT_EQ(FromGrpcStatus(odd), absl::UnknownError("odd"));
}

TEST(GrpcStatusTest, ALongMessageIsCutBetweenCharacters) {
  std::string message(1023, 'a');
  message += "\xC3\xA9 and more";
  const std::string cut = ToGrpcStatus(absl::InternalError(message)).error_message();
  EXPECT_EQ(cut.size(), 1023);
  EXPECT_EQ(FindInvalidUtf8(cut), std::string::npos);
}

}  // namespace
}  // namespace assay
