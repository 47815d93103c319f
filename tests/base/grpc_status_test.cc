#include "base/grpc_status.h"

#include <gtest/gtest.h>

#include <string>

#include "base/retry_after.h"
#include "base/utf8.h"

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

TEST(GrpcStatusTest, AWaitTravelsAsRetryInfoInTheDetails) {
  const absl::Status later =
      WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Milliseconds(2500));
  const grpc::Status wire = ToGrpcStatus(later);
  EXPECT_NE(wire.error_details().find("type.googleapis.com/google.rpc.RetryInfo"),
            std::string::npos);
  EXPECT_EQ(RetryAfter(FromGrpcStatus(wire)), absl::Milliseconds(2500));
  EXPECT_EQ(ToGrpcStatus(absl::ResourceExhaustedError("full")).error_details(), "");
}

TEST(GrpcStatusTest, DamagedDetailsAreDropped) {
  const grpc::Status wire(grpc::StatusCode::RESOURCE_EXHAUSTED, "full", "\xFF\xFF");
  EXPECT_EQ(FromGrpcStatus(wire), absl::ResourceExhaustedError("full"));
}

TEST(GrpcStatusTest, AnUnknownCodeBecomesUnknown) {
  // The enumeration holds no larger value.
  const grpc::Status odd(static_cast<grpc::StatusCode>(31), "odd");
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
