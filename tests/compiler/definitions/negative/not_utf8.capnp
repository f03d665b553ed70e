@0xabcdef123456788c;
# ÿþ
