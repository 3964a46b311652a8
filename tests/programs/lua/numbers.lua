-- Integers, floats, conversions, bit operations, math.
print(7 // 2, -7 // 2, 7 % 3, -7 % 3, 7 % -3, -7 % -3, 7.5 // 2, -7.5 // 2, 7.5 % 2, -7.5 % 2, 5 % math.huge, -5 % math.huge)
print(1 / 2, 3 / 2, 4 / 2, 2 ^ 10, 2 ^ 0.5, 10 // 0.0, -10 // 0.0, pcall(function() return 1 // 0 end))
print(pcall(function() return 1 % 0 end))
print(math.maxinteger, math.mininteger, math.maxinteger + 1 == math.mininteger, math.mininteger // -1, math.maxinteger * 2)
print(0xff, 0xffffffffffffffff, 0x1p4, 0x.8, 1e2, .5, 3., 0x10000000000000000)
print(1 == 1.0, math.type(1), math.type(1.0), math.type('1'), 1 < 1.5, 2^53 == 2^53 + 1, math.maxinteger + 0.0 == math.maxinteger)
print(math.maxinteger < math.maxinteger + 0.0, math.mininteger <= -2^63, 9007199254740993 < 9007199254740992.0)
print(tonumber('0x10'), tonumber('  12  '), tonumber('1e1'), tonumber('abc'), tonumber('10', 2), tonumber('zz', 36), tonumber('8', 8), tonumber(''), tonumber('0x'), tonumber('1 2'))
print(tonumber('9223372036854775807'), tonumber('9223372036854775808'), tonumber('-9223372036854775808'), tonumber('1e400'))
print(math.tointeger(3.0), math.tointeger(3.5), math.tointeger('8'), math.tointeger(2^63))
print(5 & 3, 5 | 3, 5 ~ 3, ~5, 1 << 62, 1 << 63, 1 << 64, 1 >> 1, -1 >> 1, -1 >> 63, 1 << -1, 2.0 & 3)
print(pcall(function() return 1.5 & 1 end))
print(pcall(function() return '3' & 1 end))
print('10' + 5, '3' * '4', 10 .. '', '0x10' + 0, '1e1' * 1)
print(math.floor(3.7), math.floor(-3.7), math.ceil(3.2), math.ceil(-3.2), math.abs(-5), math.abs(math.mininteger), math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3.5))
print(math.max(1, 2.5, -1), math.min(3, 1, 2), math.ult(1, -1), math.sqrt(2), math.pi)
for _, f in ipairs{'sin', 'cos', 'tan', 'exp', 'log', 'sqrt', 'asin', 'acos', 'atan'} do
  local line = {f}
  for _, x in ipairs{0, 0.1, 0.5, 0.75, 1, 2, 3, 10, 100, 12345.678, -0.3} do
    local v = math[f](x)
    line[#line + 1] = v ~= v and 'nan' or string.format('%.13g', v)
  end
  print(table.concat(line, ' '))
end
print(math.log(8, 2), math.log(1000, 10), math.log(81, 3), math.atan(1, -1), math.atan(-1, -1), math.atan(0, -1), math.exp(1))
print(2 ^ 0.1, 10 ^ -3, (-8) ^ (1 / 3) ~= (-8) ^ (1 / 3), (-2) ^ 3, 0 ^ 0, 1e308 * 10, 5 // 0.3, 1e15 + 0.3)
local x, n = 0.0, 0
while x < 1 do x = x + 0.1 n = n + 1 end
print(n, x)
local h = 0
for i = 1, 20000 do h = (h * 31 + i) ~ (h >> 7) end
print(h)
for i = 1, 3 do print(i / 7, i // 0.7, i ^ 1.7, i * 1e300 * 1e10, -i / 3) end
for v = 1, 2, 0.25 do print(v) end
for v = 3, 1, -1 do print(v) end
for v = math.maxinteger - 1, math.maxinteger do print(v) end
print(pcall(function() for i = 1, 10, 0 do end end))
math.randomseed(42)
local values = {}
for i = 1, 8 do values[i] = math.random(1000) end
print(table.concat(values, ' '), string.format('%.12f', math.random()), math.random(-5, 5), math.random(0) ~= 0)
