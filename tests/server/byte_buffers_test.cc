#include "server/byte_buffers.h"

#include <gtest/gtest.h>

#include "assay/v1/reward.pb.h"

namespace assay {
namespace {

TEST(ByteBuffersTest, PiecesAreJoinedInOrder) {
  const grpc::Slice pieces[] = {grpc::Slice("one "), grpc::Slice(""), grpc::Slice("two")};
  const grpc::Slice joined = ToSlice(grpc::ByteBuffer(pieces, 3));
  EXPECT_EQ(ViewOf(joined), "one two");
}

TEST(ByteBuffersTest, AnEmptyBufferIsNoBytes) {
  EXPECT_EQ(ViewOf(ToSlice(grpc::ByteBuffer())), "");
}

TEST(ByteBuffersTest, AMessageSurvivesTheRoundTrip) {
  v1::Message message;
  message.set_content("text");
  v1::Message read;
  const grpc::Slice bytes = ToSlice(ToByteBuffer(message));
  ASSERT_TRUE(read.ParseFromArray(bytes.begin(), static_cast<int>(bytes.size())));
  EXPECT_EQ(read.content(), "text");
}

}  // namespace
}  // namespace assay
